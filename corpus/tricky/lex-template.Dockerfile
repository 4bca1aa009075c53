# A template, not a Dockerfile: the placeholders must survive untouched
FROM {{ base_image }}
{% if packages %}
RUN apt-get update && apt-get install -y {{ packages | join(' ') }}
{% endif %}
