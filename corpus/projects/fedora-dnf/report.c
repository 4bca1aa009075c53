#include <stdio.h>

int main(void)
{
    double up;
    FILE *f = fopen("/proc/uptime", "r");

    if (!f || fscanf(f, "%lf", &up) != 1)
        return 1;
    puts(up > 0 ? "uptime report: ok" : "uptime report: odd");
    return 0;
}
