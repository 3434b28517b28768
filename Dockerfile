# The build stage has npm; the image that runs has Node, the sources (run as they are, no build
# step) and the production dependencies, and nothing else: no shell, no package manager, no root.
FROM node:26.10.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Nothing in the production tree has install scripts; the flag keeps it so.
RUN npm ci --omit=dev --ignore-scripts
COPY src ./src

FROM gcr.io/distroless/cc-debian12:nonroot
WORKDIR /app
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
ENV NODE_ENV=production HOST=0.0.0.0
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/node", "src/main.ts"]
