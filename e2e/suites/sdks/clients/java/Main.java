import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Lists a bucket with the AWS SDK for Java v2 and its default chain: for each line that it reads it writes one. */
public final class Main {
    private static S3Client client;

    private static String list() {
        if (client == null) {
            client = S3Client.create();
        }
        return client.listObjectsV2(request -> request.bucket(System.getenv("BUCKET"))).contents().stream()
            .map(S3Object::key).collect(Collectors.joining(" "));
    }

    public static void main(String[] args) throws IOException {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            try {
                System.out.println("ok " + (line.equals("version") ? VersionInfo.SDK_VERSION : list()));
            } catch (RuntimeException e) {
                System.out.println("error " + e.getMessage().replaceAll("\\s+", " "));
            }
        }
    }
}
