#ifndef SIEVE_H
#define SIEVE_H

/* Number of primes below limit, or -1. */
long count_primes(long limit);

#endif
