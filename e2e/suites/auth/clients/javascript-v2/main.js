// Asks for a session with the EKSAuth client of the AWS SDK for JavaScript v2: CLUSTER TOKEN.
const https = require("node:https");
const AWS = require("aws-sdk");

// The cluster has no DNS: every name is that of the test, which passes the connection on.
const agent = new https.Agent({
  lookup: (host, options, done) => (options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)),
});
const client = new AWS.EKSAuth({ endpoint: process.env.AWS_ENDPOINT_URL_EKS_AUTH, httpOptions: { agent } });

client.assumeRoleForPodIdentity({ clusterName: process.argv[2], token: process.argv[3] }, (e, response) => {
  if (e) {
    console.log(JSON.stringify({ version: AWS.VERSION, error: `${e.code}: ${e.message}` }));
    return;
  }
  response.credentials.expiration = response.credentials.expiration.getTime() / 1000;
  console.log(JSON.stringify({ version: AWS.VERSION, response }));
});
