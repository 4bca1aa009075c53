# names: ruby:3.1-slim ruby:3-slim ruby:slim
FROM debian:bookworm-slim
ENV LANG=C.UTF-8 GEM_HOME=/usr/local/bundle BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_APP_CONFIG=/usr/local/bundle
ENV PATH=/usr/local/bundle/bin:$PATH RUBY_VERSION=3.1.2
RUN apt-get update && apt-get install -y --no-install-recommends ruby bundler ca-certificates \
 && rm -rf /var/lib/apt/lists/* && mkdir -p /usr/local/bundle && chmod 1777 /usr/local/bundle
CMD ["irb"]
