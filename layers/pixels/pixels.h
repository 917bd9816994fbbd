#ifndef LP_RESIZE_H
#define LP_RESIZE_H

#include <stddef.h>
#include <stdint.h>

enum { LP_DONE = 0, LP_NO_MEMORY = 1, LP_BAD_ARGUMENTS = 2 };

/* Samples of one channel, or of four beside each other. stride: bytes from row to row. */
typedef struct {
    uint8_t *samples;
    size_t stride;
    int32_t width, height, channels;
} lp_plane;

#define LP_PUBLIC __attribute__((visibility("default")))

/* Resize the window (left, top, right, bottom, in pixels) of `from` into all of `to`, of as many channels. */
LP_PUBLIC int lp_resize(const lp_plane *from, const float window[4], const lp_plane *to);

/* The same for one instruction set, without looking at the arguments. */
LP_PUBLIC int lp_resize_baseline(const lp_plane *from, const float window[4], const lp_plane *to);
LP_PUBLIC int lp_resize_avx2(const lp_plane *from, const float window[4], const lp_plane *to);

#endif
