#ifndef LP_PIXELS_H
#define LP_PIXELS_H

#include <stddef.h>
#include <stdint.h>

enum { LP_DONE = 0, LP_NO_MEMORY = 1, LP_BAD_ARGUMENTS = 2, LP_BAD_DATA = 3 };

/* Samples of one channel, or of four beside each other. stride: bytes from row to row. */
typedef struct {
    uint8_t *samples;
    size_t stride;
    int32_t width, height, channels;
} lp_plane;

#define LP_MOST 1000000 /* pixels a side: no format that is read has as many, and no product of two overflows */

static inline int is_sound(const lp_plane *plane) {
    return plane && plane->samples && plane->width > 0 && plane->height > 0 && plane->width <= LP_MOST &&
           plane->height <= LP_MOST && (plane->channels == 1 || plane->channels == 4) &&
           plane->stride >= (size_t)plane->width * (size_t)plane->channels;
}

#define LP_PUBLIC __attribute__((visibility("default")))

/* Resize the window (left, top, right, bottom, in pixels) of `from` into all of `to`, of as many channels. */
LP_PUBLIC int lp_resize(const lp_plane *from, const float window[4], const lp_plane *to);

/* The same for one instruction set, without looking at the arguments. */
LP_PUBLIC int lp_resize_baseline(const lp_plane *from, const float window[4], const lp_plane *to);
LP_PUBLIC int lp_resize_avx2(const lp_plane *from, const float window[4], const lp_plane *to);

/* Undo the filters of `count` rows of a PNG, each a byte for its filter and `channels` (1, 3 or 4) samples a pixel of the
   plane, which has 4 where they are 3. They are the rows from `first`; those above it are in the plane already. */
LP_PUBLIC int lp_unfilter(const uint8_t *rows, int32_t count, int32_t channels, const lp_plane *to, int32_t first);

/* The same for one instruction set, without looking at the arguments. */
LP_PUBLIC int lp_unfilter_baseline(const uint8_t *rows, int32_t count, int32_t channels, const lp_plane *to, int32_t first);
LP_PUBLIC int lp_unfilter_sse4(const uint8_t *rows, int32_t count, int32_t channels, const lp_plane *to, int32_t first);

#endif
