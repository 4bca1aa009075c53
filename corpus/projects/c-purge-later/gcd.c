#include <stdio.h>
#include <stdlib.h>

static long gcd(long a, long b)
{
    return b ? gcd(b, a % b) : a;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: gcd A B\n");
        return 2;
    }
    long a = atol(argv[1]), b = atol(argv[2]);
    printf("gcd(%ld, %ld) = %ld\n", a, b, gcd(a, b));
    return 0;
}
