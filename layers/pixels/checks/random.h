/* What the checks share: numbers that a seed decides, and a run of so many cases. */

#ifndef LP_CHECKS_RANDOM_H
#define LP_CHECKS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint32_t random_below(uint32_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % limit;
}

/* Arguments: CASES SEED. Returns 1 at the first case that is not right, and says `done` of all of them otherwise. */
static int run(int count, char **arguments, int (*is_right)(void), const char *done) {
    const long cases = count > 1 ? atol(arguments[1]) : 1000;
    state = count > 2 ? (uint64_t)atoll(arguments[2]) : 1;
    for (long i = 0; i < cases; i++)
        if (!is_right()) return 1;
    printf("%ld %s\n", cases, done);
    return 0;
}

#endif
