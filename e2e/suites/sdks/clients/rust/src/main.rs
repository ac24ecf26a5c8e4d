//! Lists a bucket with the AWS SDK for Rust and its default chain: for each line that it reads it writes one.

use aws_sdk_s3::error::DisplayErrorContext;
use std::io::{stdin, stdout, BufRead, Write};

async fn list(client: &mut Option<aws_sdk_s3::Client>) -> Result<String, String> {
    if client.is_none() {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        *client = Some(aws_sdk_s3::Client::from_conf(s3));
    }
    let bucket = std::env::var("BUCKET").map_err(|e| e.to_string())?;
    let found = client.as_ref().unwrap().list_objects_v2().bucket(bucket).send().await;
    let found = found.map_err(|e| DisplayErrorContext(e).to_string())?;
    Ok(found.contents().iter().filter_map(|o| o.key()).collect::<Vec<_>>().join(" "))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut client = None;
    for line in stdin().lock().lines().map_while(Result::ok) {
        let answer = match line.as_str() {
            "version" => Ok(aws_sdk_s3::meta::PKG_VERSION.to_string()),
            _ => list(&mut client).await,
        };
        match answer {
            Ok(text) => println!("ok {text}"),
            Err(text) => println!("error {}", text.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
        stdout().flush().expect("flush");
    }
}
