#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 0;
    unsigned long long a = 0, b = 1;

    if (n < 0 || n > 90)
        return 1;
    for (int i = 0; i < n; i++) {
        unsigned long long next = a + b;
        a = b;
        b = next;
    }
    printf("fib(%d) = %llu\n", n, a);
    return 0;
}
