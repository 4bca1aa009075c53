# names: eclipse-temurin:17-jre eclipse-temurin:17-jre-jammy openjdk:17-jre-slim
FROM debian:bookworm-slim
RUN mkdir -p /usr/share/man/man1 && apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jre-headless ca-certificates tzdata locales \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /opt/java && ln -s /usr/lib/jvm/java-17-openjdk-amd64 /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:$PATH LANG=C.UTF-8 JAVA_VERSION=jdk-17
