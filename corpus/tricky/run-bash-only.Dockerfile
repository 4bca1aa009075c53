# Here-strings, process substitution, arrays and [[ under SHELL bash
FROM debian:bookworm
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update && mapfile -t p < <(printf 'less\ntree\n') && apt-get install -y "${p[@]}"
RUN read -r a b <<< "one two" && [[ $a == one && -n ${b^^} ]]
RUN diff <(echo 1) <(echo 1) |& cat
