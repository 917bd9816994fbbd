/* Undoes the filters of random rows under AddressSanitizer and UBSan, and compares each sample with what the specification
   says, written down a second time, a byte after the other. Built and run by `make native-sanitize`; no part of the library.

   unfilter_random CASES SEED: exits with 1 at the first sample that differs. The sanitizers end it where memory is left. */

#include "../pixels.h"
#include "random.h"

/* Memory of this size and not one byte more: the sanitizer sees what is read or written beside it. */
static uint8_t *bytes(size_t count) {
    uint8_t *made = malloc(count);
    if (!made) abort();
    for (size_t i = 0; i < count; i++) made[i] = (uint8_t)(random_below(4) ? random_below(256) : 0);
    return made;
}

static int predicted(int filter, int a, int b, int c) {
    const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    switch (filter) {
    case 1: return a;
    case 2: return b;
    case 3: return (a + b) / 2;
    case 4: return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    default: return 0;
    }
}

/* Of rows as a file has them, without their filters. */
static void by_the_book(uint8_t *rows, int count, int width, int channels) {
    const size_t length = (size_t)width * (size_t)channels;
    for (int y = 0; y < count; y++) {
        uint8_t *row = rows + (size_t)y * (length + 1) + 1, *above = y ? row - length - 1 : NULL;
        for (size_t i = 0; i < length; i++) {
            const size_t before = i - (size_t)channels;
            const int is_first = i < (size_t)channels;
            const int a = is_first ? 0 : row[before], b = above ? above[i] : 0, c = !is_first && above ? above[before] : 0;
            row[i] = (uint8_t)(row[i] + predicted(row[-1], a, b, c));
        }
    }
}

static int is_same(const lp_plane *plane, const uint8_t *rows, int channels) {
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++)
            for (int c = 0; c < plane->channels; c++) {
                const size_t in_row = (size_t)plane->width * (size_t)channels + 1;
                const uint8_t *pixel = rows + (size_t)y * in_row + 1 + (size_t)x * (size_t)channels;
                const uint8_t is = plane->samples[(size_t)y * plane->stride + (size_t)x * (size_t)plane->channels + (size_t)c];
                if (is != (c < channels ? pixel[c] : 255)) return 0;
            }
    return 1;
}

static int is_right(void) {
    static const int kinds[] = {1, 3, 4};
    const int channels = kinds[random_below(3)], in_memory = channels == 1 ? 1 : 4;
    const int width = 1 + (int)random_below(random_below(20) ? 60 : 2000), height = 1 + (int)random_below(20);
    const size_t length = (size_t)width * (size_t)channels + 1, used = (size_t)width * (size_t)in_memory;
    lp_plane to = {NULL, used + random_below(2) * 4, width, height, in_memory};
    to.samples = bytes(to.stride * ((size_t)height - 1) + used);
    uint8_t *rows = bytes(length * (size_t)height);
    for (int y = 0; y < height; y++) /* half of them like the one above: two of those are undone at once */
        rows[(size_t)y * length] = y && random_below(2) ? rows[(size_t)(y - 1) * length] : (uint8_t)random_below(5);
    int status = LP_DONE;
    for (int done = 0, count; done < height && status == LP_DONE; done += count) { /* as they are inflated, some at once */
        count = 1 + (int)random_below((uint32_t)(height - done));
        status = lp_unfilter(rows + (size_t)done * length, count, channels, &to, done);
    }
    by_the_book(rows, height, width, channels);
    const int right = status == LP_DONE && is_same(&to, rows, channels);
    if (!right) fprintf(stderr, "%d x %d, %d channels: status %d\n", width, height, channels, status);
    free(to.samples);
    free(rows);
    return right;
}

int main(int count, char **arguments) {
    return run(count, arguments, is_right, "pictures unfiltered within their memory, each sample as it must be");
}
