import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.VersionInfo;

/** Lists a bucket with Hadoop's S3A, as Spark does, and its default chain: for each line that it reads it writes one. */
public final class Main {
    private static FileSystem bucket;

    private static String list() throws IOException {
        Path root = new Path("s3a://" + System.getenv("BUCKET") + "/");
        if (bucket == null) {
            Configuration settings = new Configuration();
            settings.set("fs.s3a.endpoint", System.getenv("AWS_ENDPOINT_URL_S3"));
            settings.set("fs.s3a.endpoint.region", System.getenv("AWS_REGION"));
            settings.set("fs.s3a.path.style.access", "true");
            settings.set("fs.s3a.attempts.maximum", "1");
            settings.set("fs.s3a.retry.limit", "1");
            if (System.getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != null) {
                // As Spark jobs on EKS are configured. S3A's own list of providers does not have it.
                settings.set("fs.s3a.aws.credentials.provider", "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider");
            }
            bucket = FileSystem.newInstance(root.toUri(), settings);
        }
        List<String> names = new ArrayList<>();
        for (FileStatus file : bucket.listStatus(root)) {
            names.add(file.getPath().getName());
        }
        return String.join(" ", names);
    }

    public static void main(String[] args) throws IOException {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            try {
                System.out.println("ok " + (line.equals("version") ? VersionInfo.getVersion() : list()));
            } catch (IOException | RuntimeException e) {
                // One that was made without credentials asks the metadata service for ever.
                bucket = null;
                System.out.println("error " + e.toString().replaceAll("\\s+", " "));
            }
        }
    }
}
