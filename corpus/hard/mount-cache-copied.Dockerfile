# The next stage lives from the cache of the first
FROM maven:3.9-eclipse-temurin-21 AS deps
WORKDIR /app
COPY pom.xml .
RUN mvn -B dependency:go-offline
FROM maven:3.9-eclipse-temurin-21
COPY --from=deps /root/.m2 /root/.m2
WORKDIR /app
COPY . .
RUN mvn -B -o package
