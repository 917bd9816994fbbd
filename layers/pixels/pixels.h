#ifndef LP_PIXELS_H
#define LP_PIXELS_H

#include <stddef.h>
#include <stdint.h>

enum { LP_DONE = 0, LP_NO_MEMORY = 1, LP_BAD_ARGUMENTS = 2, LP_BAD_DATA = 3, LP_NO_CODEC = 4 };

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

/* Resize the window (left, top, right, bottom, in pixels) of `from` into all of `to`, of as many channels. It may end beyond
   the last pixel, by as much as one of `to` takes. */
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

/* Make rows of one channel columns. mirrored: the lowest row becomes the first column; upside_down: the first column becomes
   the lowest row. */
LP_PUBLIC int lp_transpose(const lp_plane *from, const lp_plane *to, int32_t mirrored, int32_t upside_down);

/* Make RGB (four channels, the last 255) of luma, blue and red of the same size, and the other way round. */
LP_PUBLIC int lp_to_rgb(const lp_plane planes[3], const lp_plane *rgb);
LP_PUBLIC int lp_from_rgb(const lp_plane *rgb, const lp_plane planes[3]);

/* The same for one instruction set, without looking at the arguments. */
void lp_to_rgb_baseline(const lp_plane planes[3], const lp_plane *rgb);
void lp_to_rgb_avx2(const lp_plane planes[3], const lp_plane *rgb);
void lp_from_rgb_baseline(const lp_plane *rgb, const lp_plane planes[3]);
void lp_from_rgb_avx2(const lp_plane *rgb, const lp_plane planes[3]);

/* Bring the luma of a picture to where that of its conversion is: each sample goes along `curve`, which is what the
   conversion does to grays, and by as much further as the mean of its two by two samples goes beyond it.
   before, after: those means, of half the size, rounded up. */
LP_PUBLIC int lp_shift_luma(const lp_plane *luma, const uint8_t curve[256], const lp_plane *before, const lp_plane *after);

/* A file that was written; freed by lp_free_file. */
typedef struct {
    uint8_t *data;
    size_t size;
} lp_file;

LP_PUBLIC void lp_free_file(lp_file *file);

/* The codecs that lp_use_codecs found. */
enum { LP_JPEG = 1, LP_AVIF = 2, LP_WEBP = 4 };

/* Find the codecs in shared objects that are loaded (handles of dlopen), and tell which there are, of the versions whose
   structures are known here. Call it once, before any other thread calls a codec. */
LP_PUBLIC int lp_use_codecs(void *jpeg, void *avif, void *webp);

/* How a JPEG lies in planes: luma, blue and red.
   width, height: the samples that there are of each. stride: as many as are written to each row, or more.
   across, down: how many samples of blue and red the picture takes, which need not be whole. */
typedef struct {
    int32_t width[3], height[3], stride[3];
    float across, down;
} lp_layout;

/* Tell how a JPEG lies in planes, decoded at 1 / denominator (1, 2, 4 or 8) of its size. LP_BAD_DATA for a file without
   such planes, and for one that is damaged. */
LP_PUBLIC int lp_jpeg_layout(const uint8_t *data, size_t size, int32_t denominator, lp_layout *layout);

/* Decode it into planes of that layout. LP_BAD_DATA where the decoder has as little as a warning to give. */
LP_PUBLIC int lp_jpeg_decode(const uint8_t *data, size_t size, int32_t denominator, const lp_plane planes[3]);

/* Write planes of luma, blue and red, the latter of half the size, rounded up: numbers as in a JPEG, of full range.
   exif: what goes along, as the format has it; NULL for nothing. */
LP_PUBLIC int lp_jpeg_encode(const lp_plane planes[3], const uint32_t luma[64], const uint32_t chroma[64],
                             const uint8_t *exif, size_t exif_size, lp_file *file);
LP_PUBLIC int lp_webp_encode(const lp_plane planes[3], float quality, int32_t method, const uint8_t *exif,
                             size_t exif_size, lp_file *file);

/* options: of the encoder, name after value after name, ended by NULL. */
LP_PUBLIC int lp_avif_encode(const lp_plane planes[3], int32_t quality, int32_t speed, const char *const *options,
                             const uint8_t *exif, size_t exif_size, lp_file *file);

/* Whether these are planes of one picture whose blue and red have half the size, rounded up. */
static inline int are_halved(const lp_plane planes[3]) {
    if (!planes) return 0;
    for (int i = 0; i < 3; i++)
        if (!is_sound(&planes[i]) || planes[i].channels != 1) return 0;
    for (int i = 1; i < 3; i++)
        if (planes[i].width != (planes[0].width + 1) / 2 || planes[i].height != (planes[0].height + 1) / 2) return 0;
    return 1;
}

#endif
