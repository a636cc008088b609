# The service and its command line, for linux/amd64 and linux/arm64.
# NODE_IMAGE: a mirror, or the tag with its digest; Node 24 on glibc, as SQLite's binaries want it.
ARG NODE_IMAGE=node:24-slim

# The build's output is JavaScript, and SQLite's package contains binaries for every platform: these stages run on the
# builder's own platform, and the last stage runs nothing.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/contract/package.json packages/contract/
COPY packages/server/package.json packages/server/
COPY packages/cli/package.json packages/cli/

FROM manifests AS dependencies
RUN npm ci --omit=dev --ignore-scripts --workspace=@unkey-ts/cli \
 && rm -r node_modules/@photostructure/sqlite/src \
 && find node_modules/@photostructure/sqlite/prebuilds -type f ! -path '*/linux-*.glibc.node' -delete \
 && mkdir bin /empty \
 && ln -s ../packages/cli/dist/main.js bin/unkey

FROM manifests AS build
RUN npm ci --ignore-scripts
COPY packages packages
COPY tools tools
RUN node tools/build-unkey.mjs

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=build /app/packages/cli/dist packages/cli/dist
COPY LICENSE ./
# All other files in the image belong to root and are read-only.
COPY --from=dependencies --chown=10001:10001 /empty /data

ENV HOST=0.0.0.0 \
    PORT=7070 \
    UNKEY_DATA_DIR=/data \
    PATH=/app/bin:$PATH
USER 10001:10001
VOLUME ["/data"]
EXPOSE 7070
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/health/live' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "/app/packages/cli/dist/main.js"]
CMD ["serve"]
