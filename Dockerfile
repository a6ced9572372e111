# A static binary, the certificates of public authorities, and nothing else.
FROM --platform=${BUILDPLATFORM} golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY cmd cmd
COPY pkg pkg
ARG TARGETOS TARGETARCH VERSION=v0.0.0-dev
# Templates name time zones, and the image holds no files of them.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -tags timetzdata \
    -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=${VERSION}" \
    -o /external-secrets-apiserver ./cmd/external-secrets-apiserver

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /external-secrets-apiserver /
USER 65532:65532
ENTRYPOINT ["/external-secrets-apiserver"]
