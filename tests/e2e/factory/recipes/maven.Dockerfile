# names: maven:3.8-eclipse-temurin-17 maven:3-eclipse-temurin-17 maven:3 maven:latest
FROM eclipse-temurin:17-jdk
RUN apt-get update && apt-get install -y --no-install-recommends maven && rm -rf /var/lib/apt/lists/*
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
CMD ["mvn"]
