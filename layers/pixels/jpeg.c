/* A JPEG becomes planes and planes a JPEG, by libjpeg-turbo: its "raw data", without a step in between.

   The decoder gets hostile files. It runs in a child that can lose nothing, as all decoders here do, and whatever it says,
   be it a warning, ends in LP_BAD_DATA: the file is then decoded once more by Pillow, from the first byte. */

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "codecs.h"

#define MOST_ROWS 32 /* of a plane at once: 4 blocks of 8 */

/* libjpeg's way out of an error. `errors` comes first: it is what libjpeg sees. */
typedef struct {
    struct jpeg_error_mgr errors;
    jmp_buf out;
} way_out;

static void leave(j_common_ptr codec) {
    longjmp(((way_out *)codec->err)->out, 1);
}

/* level: below 0 for a warning, which is as good as an error here; else the news of each marker. */
static void leave_at_warning(j_common_ptr codec, int level) {
    if (level < 0) leave(codec);
}

static struct jpeg_error_mgr *quiet(way_out *way) {
    lp_used.jpeg_std_error_(&way->errors);
    way->errors.error_exit = leave;
    way->errors.emit_message = leave_at_warning;
    return &way->errors;
}

typedef struct {
    struct jpeg_decompress_struct codec;
    way_out way;
    uint8_t *spare; /* where rows go that no plane has */
} decoding;

/* Everything that can end in a longjmp is called by a function whose own variables do not matter afterwards. */
static int is_created(decoding *d) {
    if (setjmp(d->way.out)) return 0;
    lp_used.jpeg_CreateDecompress_(&d->codec, JPEG_LIB_VERSION, sizeof d->codec);
    return 1;
}

static void begin_decoding(decoding *d) {
    memset(d, 0, sizeof *d);
    d->codec.err = quiet(&d->way);
}

static void end_decoding(decoding *d) {
    lp_used.jpeg_destroy_decompress_(&d->codec);
    free(d->spare);
}

int lp_jpeg_is_known(void) {
    decoding d;
    begin_decoding(&d);
    const int known = is_created(&d);
    if (known) end_decoding(&d);
    return known;
}

/* Whether these are luma and two colors, neither of which has more samples than luma, and both as many. */
static int are_planes(const struct jpeg_decompress_struct *codec) {
    if (codec->num_components != 3 || codec->jpeg_color_space != JCS_YCbCr || codec->data_precision != 8) return 0;
    const jpeg_component_info *luma = codec->comp_info, *blue = luma + 1, *red = luma + 2;
    if (luma->h_samp_factor != codec->max_h_samp_factor || luma->v_samp_factor != codec->max_v_samp_factor) return 0;
    return blue->h_samp_factor == red->h_samp_factor && blue->v_samp_factor == red->v_samp_factor;
}

/* Read the header, and have libjpeg reckon how large everything will be. */
static int open_jpeg(decoding *d, const uint8_t *data, size_t size, int32_t denominator) {
    lp_used.jpeg_CreateDecompress_(&d->codec, JPEG_LIB_VERSION, sizeof d->codec);
    lp_used.jpeg_mem_src_(&d->codec, data, size);
    lp_used.jpeg_read_header_(&d->codec, TRUE);
    if (!are_planes(&d->codec)) return 0;
    d->codec.scale_num = 1;
    d->codec.scale_denom = (unsigned)denominator;
    d->codec.raw_data_out = TRUE;
    d->codec.out_color_space = JCS_YCbCr;
    lp_used.jpeg_calc_output_dimensions_(&d->codec);
    return 1;
}

static void tell_layout(const struct jpeg_decompress_struct *codec, lp_layout *layout) {
    const jpeg_component_info *luma = codec->comp_info;
    for (int i = 0; i < 3; i++) {
        const jpeg_component_info *plane = luma + i;
        layout->width[i] = (int32_t)plane->downsampled_width;
        layout->height[i] = (int32_t)plane->downsampled_height;
        layout->stride[i] = (int32_t)plane->width_in_blocks * plane->DCT_scaled_size;
    }
    const jpeg_component_info *color = luma + 1;
    const float whole = (float)(codec->max_h_samp_factor * luma->DCT_scaled_size);
    const float tall = (float)(codec->max_v_samp_factor * luma->DCT_scaled_size);
    layout->across = (float)codec->output_width * (float)(color->h_samp_factor * color->DCT_scaled_size) / whole;
    layout->down = (float)codec->output_height * (float)(color->v_samp_factor * color->DCT_scaled_size) / tall;
}

static int is_scale(int32_t denominator) {
    return denominator == 1 || denominator == 2 || denominator == 4 || denominator == 8;
}

static int try_layout(decoding *d, const uint8_t *data, size_t size, int32_t denominator, lp_layout *layout) {
    if (setjmp(d->way.out)) return LP_BAD_DATA;
    if (!open_jpeg(d, data, size, denominator)) return LP_BAD_DATA;
    tell_layout(&d->codec, layout);
    return LP_DONE;
}

int lp_jpeg_layout(const uint8_t *data, size_t size, int32_t denominator, lp_layout *layout) {
    if (!(lp_used.found & LP_JPEG)) return LP_NO_CODEC;
    if (!data || !layout || !is_scale(denominator)) return LP_BAD_ARGUMENTS;
    decoding d;
    begin_decoding(&d);
    const int status = try_layout(&d, data, size, denominator, layout);
    end_decoding(&d);
    return status;
}

static int fit(const lp_plane planes[3], const lp_layout *layout) {
    for (int i = 0; i < 3; i++) {
        if (!is_sound(&planes[i]) || planes[i].channels != 1 || planes[i].stride < (size_t)layout->stride[i]) return 0;
        if (planes[i].width != layout->width[i] || planes[i].height != layout->height[i]) return 0;
    }
    return 1;
}

/* Every row that there is. libjpeg gives rows of a whole row of blocks; what is below the picture goes to spare memory. */
static int read_rows(decoding *d, const lp_plane planes[3]) {
    struct jpeg_decompress_struct *codec = &d->codec;
    uint8_t *rows[3][MOST_ROWS], **groups[3] = {rows[0], rows[1], rows[2]};
    const int luma_rows = codec->max_v_samp_factor * codec->min_DCT_scaled_size;
    int32_t done[3] = {0, 0, 0};
    while (codec->output_scanline < codec->output_height) {
        for (int i = 0; i < 3; i++) {
            const int count = codec->comp_info[i].v_samp_factor * codec->comp_info[i].DCT_scaled_size;
            if (count > MOST_ROWS) return LP_BAD_DATA;
            for (int k = 0; k < count; k++, done[i]++)
                rows[i][k] = done[i] < planes[i].height ? planes[i].samples + (size_t)done[i] * planes[i].stride : d->spare;
        }
        if (lp_used.jpeg_read_raw_data_(codec, groups, (JDIMENSION)luma_rows) == 0) return LP_BAD_DATA;
    }
    return LP_DONE;
}

static int try_decoding(decoding *d, const uint8_t *data, size_t size, int32_t denominator, const lp_plane planes[3]) {
    lp_layout layout;
    if (setjmp(d->way.out)) return LP_BAD_DATA;
    if (!open_jpeg(d, data, size, denominator)) return LP_BAD_DATA;
    tell_layout(&d->codec, &layout);
    if (!fit(planes, &layout)) return LP_BAD_ARGUMENTS;
    size_t longest = 0;
    for (int i = 0; i < 3; i++)
        if ((size_t)layout.stride[i] > longest) longest = (size_t)layout.stride[i];
    d->spare = malloc(longest);
    if (!d->spare) return LP_NO_MEMORY;
    lp_used.jpeg_start_decompress_(&d->codec);
    const int status = read_rows(d, planes);
    if (status != LP_DONE) return status;
    lp_used.jpeg_finish_decompress_(&d->codec);
    return LP_DONE;
}

int lp_jpeg_decode(const uint8_t *data, size_t size, int32_t denominator, const lp_plane planes[3]) {
    if (!(lp_used.found & LP_JPEG)) return LP_NO_CODEC;
    if (!data || !planes || !is_scale(denominator)) return LP_BAD_ARGUMENTS;
    decoding d;
    begin_decoding(&d);
    const int status = try_decoding(&d, data, size, denominator, planes);
    end_decoding(&d);
    return status;
}

typedef struct {
    struct jpeg_compress_struct codec;
    way_out way;
    unsigned char *made;
    unsigned long size;
    uint8_t *rows; /* of a row of blocks of all planes, each of whole blocks */
} encoding;

/* A row as long as its blocks, which the last sample fills. */
static void fill(const lp_plane *plane, int32_t y, uint8_t *row, size_t length) {
    const int32_t last = plane->height - 1;
    const uint8_t *from = plane->samples + (size_t)(y < last ? y : last) * plane->stride;
    memcpy(row, from, (size_t)plane->width);
    memset(row + plane->width, from[plane->width - 1], length - (size_t)plane->width);
}

static int write_rows(encoding *e, const lp_plane planes[3]) {
    const size_t length = ((size_t)planes->width + 15) & ~(size_t)15;
    const int counts[3] = {16, 8, 8};
    uint8_t *rows[3][16], **groups[3] = {rows[0], rows[1], rows[2]};
    e->rows = malloc(length * 32);
    if (!e->rows) return LP_NO_MEMORY;
    uint8_t *free_row = e->rows;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < counts[i]; k++, free_row += i ? length / 2 : length) rows[i][k] = free_row;
    for (int32_t block = 0; block * 16 < planes->height; block++) {
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < counts[i]; k++) fill(&planes[i], block * counts[i] + k, rows[i][k], i ? length / 2 : length);
        if (lp_used.jpeg_write_raw_data_(&e->codec, groups, 16) == 0) return LP_BAD_DATA;
    }
    return LP_DONE;
}

static int try_writing(encoding *e, const lp_plane planes[3], const uint32_t luma[64], const uint32_t chroma[64],
                       const uint8_t *exif, size_t exif_size) {
    if (setjmp(e->way.out)) return LP_BAD_DATA;
    lp_used.jpeg_CreateCompress_(&e->codec, JPEG_LIB_VERSION, sizeof e->codec);
    lp_used.jpeg_mem_dest_(&e->codec, &e->made, &e->size);
    e->codec.image_width = (JDIMENSION)planes->width;
    e->codec.image_height = (JDIMENSION)planes->height;
    e->codec.input_components = 3;
    e->codec.in_color_space = JCS_YCbCr;
    lp_used.jpeg_set_defaults_(&e->codec); /* colors of half the size */
    lp_used.jpeg_add_quant_table_(&e->codec, 0, luma, 100, FALSE);
    lp_used.jpeg_add_quant_table_(&e->codec, 1, chroma, 100, FALSE);
    e->codec.optimize_coding = TRUE;
    e->codec.raw_data_in = TRUE;
    lp_used.jpeg_start_compress_(&e->codec, TRUE);
    if (exif) lp_used.jpeg_write_marker_(&e->codec, JPEG_APP0 + 1, exif, (unsigned)exif_size);
    const int status = write_rows(e, planes);
    if (status == LP_DONE) lp_used.jpeg_finish_compress_(&e->codec);
    return status;
}

int lp_jpeg_encode(const lp_plane planes[3], const uint32_t luma[64], const uint32_t chroma[64], const uint8_t *exif,
                   size_t exif_size, lp_file *file) {
    if (!(lp_used.found & LP_JPEG)) return LP_NO_CODEC;
    if (!are_halved(planes) || !luma || !chroma || !file) return LP_BAD_ARGUMENTS;
    encoding e;
    memset(&e, 0, sizeof e);
    e.codec.err = quiet(&e.way);
    int status = try_writing(&e, planes, luma, chroma, exif, exif_size);
    lp_used.jpeg_destroy_compress_(&e.codec);
    if (status == LP_DONE) status = lp_keep(e.made, e.size, file);
    free(e.made);
    free(e.rows);
    return status;
}
