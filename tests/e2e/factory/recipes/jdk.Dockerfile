# names: eclipse-temurin:17-jdk eclipse-temurin:17 eclipse-temurin:17-jdk-jammy openjdk:17 openjdk:17-jdk openjdk:17-slim
FROM eclipse-temurin:17-jre
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jdk-headless && rm -rf /var/lib/apt/lists/*
CMD ["jshell"]
