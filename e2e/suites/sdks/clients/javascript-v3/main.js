// Lists a bucket with the AWS SDK for JavaScript v3 and its default chain: for each line that it reads it writes one.
const { S3Client, ListObjectsV2Command } = require("@aws-sdk/client-s3");

const client = new S3Client({});

async function list() {
  const found = await client.send(new ListObjectsV2Command({ Bucket: process.env.BUCKET }));
  return (found.Contents ?? []).map((object) => object.Key).join(" ");
}

async function main() {
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    try {
      console.log("ok", line === "version" ? require("@aws-sdk/client-s3/package.json").version : await list());
    } catch (e) {
      console.log("error", `${e.name}: ${e.message}`.replace(/\s+/g, " "));
    }
  }
}

main();
