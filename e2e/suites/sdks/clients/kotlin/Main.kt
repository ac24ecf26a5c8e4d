import aws.sdk.kotlin.services.s3.S3Client
import aws.sdk.kotlin.services.s3.listObjectsV2
import aws.sdk.kotlin.services.s3.SdkVersion
import kotlinx.coroutines.runBlocking

/** Lists a bucket with the AWS SDK for Kotlin and its default chain: for each line that it reads it writes one. */
fun main() = runBlocking {
    var client: S3Client? = null
    for (line in generateSequence(::readLine)) {
        try {
            if (line == "version") {
                println("ok " + SdkVersion)
                continue
            }
            val s3 = client ?: S3Client.fromEnvironment { forcePathStyle = true }.also { client = it }
            val found = s3.listObjectsV2 { bucket = System.getenv("BUCKET") }
            println("ok " + found.contents.orEmpty().joinToString(" ") { it.key ?: "" })
        } catch (e: Exception) {
            println("error " + e.toString().split(Regex("\\s+")).joinToString(" "))
        }
    }
}
