#include <stdlib.h>
#include "sieve.h"

long count_primes(long limit)
{
    char *composite;
    long count = 0;

    if (limit < 0 || limit > 100000000)
        return -1;
    composite = calloc((size_t)limit + 1, 1);
    if (!composite)
        return -1;
    for (long i = 2; i < limit; i++) {
        if (composite[i])
            continue;
        count++;
        for (long j = i * 2; j < limit; j += i)
            composite[j] = 1;
    }
    free(composite);
    return count;
}
