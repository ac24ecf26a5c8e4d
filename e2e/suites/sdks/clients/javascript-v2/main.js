// Lists a bucket with the AWS SDK for JavaScript v2 and its default chain: for each line that it reads it writes one.
const AWS = require("aws-sdk");

// It does not read AWS_ENDPOINT_URL_S3.
const client = new AWS.S3({ endpoint: process.env.AWS_ENDPOINT_URL_S3, s3ForcePathStyle: true });

async function list() {
  const found = await client.listObjectsV2({ Bucket: process.env.BUCKET }).promise();
  return found.Contents.map((object) => object.Key).join(" ");
}

async function main() {
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    try {
      console.log("ok", line === "version" ? AWS.VERSION : await list());
    } catch (e) {
      console.log("error", `${e.name}: ${e.message}`.replace(/\s+/g, " "));
    }
  }
}

main();
