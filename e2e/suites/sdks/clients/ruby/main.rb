# Lists a bucket with Debian's AWS SDK for Ruby and its default chain: for each line that it reads it writes one.

require "aws-sdk-s3"

$stdout.sync = true
# It is from before AWS_ENDPOINT_URL_STS.
Aws.config[:sts] = { endpoint: ENV["AWS_ENDPOINT_URL_STS"] } if ENV["AWS_ENDPOINT_URL_STS"]

client = nil
$stdin.each_line do |line|
  if line.strip == "version"
    puts "ok #{Aws::CORE_GEM_VERSION}"
    next
  end
  client ||= Aws::S3::Client.new(endpoint: ENV.fetch("AWS_ENDPOINT_URL_S3"), force_path_style: true)
  puts "ok #{client.list_objects_v2(bucket: ENV.fetch('BUCKET')).contents.map(&:key).join(' ')}"
rescue StandardError => e
  puts "error #{e.message.split.join(' ')}"
end
