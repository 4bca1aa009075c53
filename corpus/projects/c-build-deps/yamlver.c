#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* Counts the events of a small YAML text with libyaml. */
int main(void) {
    const char *text = "a: 1\nb: [2, 3]\n";
    yaml_parser_t parser;
    yaml_event_t event;
    int events = 0, done = 0;

    if (!yaml_parser_initialize(&parser)) return 1;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    while (!done) {
        if (!yaml_parser_parse(&parser, &event)) return 1;
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        events++;
    }
    yaml_parser_delete(&parser);
    printf("%d events\n", events);
    return 0;
}
