# The images, from static binaries that `make binaries` has put into bin/<architecture>/. Nothing else is in them but the certificates
# of the public CAs, which STS needs, as release/cacerts has them. Build one with: docker build --target sidecar -t podidentity/sidecar:dev .
FROM scratch AS base
COPY bin/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532

FROM base AS sidecar
ARG TARGETARCH
COPY bin/${TARGETARCH}/sidecar /sidecar
# Go reserves memory for each processor of the node before main, and one serves thousands of requests a second.
ENV GOMAXPROCS=1
ENTRYPOINT ["/sidecar"]

FROM base AS webhook
ARG TARGETARCH
COPY bin/${TARGETARCH}/webhook /webhook
ENTRYPOINT ["/webhook"]

FROM base AS auth
ARG TARGETARCH
COPY bin/${TARGETARCH}/auth /auth
ENTRYPOINT ["/auth"]
