/* SPDX-License-Identifier: GPL-3.0-or-later */
/* png.c - the module for PNG pictures, by libpng's simplified API; see png_module.h. */
#include <errno.h>
#include <png.h>

#include "host/png_module.h"

static int write_picture(FILE *file, const uint8_t *dots,
			 const struct raster_color palette[RASTER_COLORS])
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = SCREEN_WIDTH,
		.height = SCREEN_HEIGHT,
		.format = PNG_FORMAT_RGB_COLORMAP,
		.colormap_entries = RASTER_COLORS,
	};

	errno = 0;
	if (png_image_write_to_stdio(&image, file, 0, dots, 0, palette))
		return 0;
	return errno ? -errno : -EIO;
}

static int read_picture(FILE *file, struct raster_color *dots, char *error, size_t error_size)
{
	png_image image = { .version = PNG_IMAGE_VERSION };

	if (!png_image_begin_read_from_stdio(&image, file)) {
		snprintf(error, error_size, "not a PNG picture: %s", image.message);
		return -EINVAL;
	}
	if (image.width != SCREEN_WIDTH || image.height != SCREEN_HEIGHT) {
		snprintf(error, error_size, "a picture of %u x %u dots, the screen has %u x %u",
			 image.width, image.height, SCREEN_WIDTH, SCREEN_HEIGHT);
		png_image_free(&image);
		return -EINVAL;
	}
	image.format = PNG_FORMAT_RGB;
	if (png_image_finish_read(&image, NULL, dots, 0, NULL))
		return 0;
	snprintf(error, error_size, "malformed PNG picture: %s", image.message);
	return -EINVAL;
}

const struct png_module vmm_png_module = {
	.version = PNG_MODULE_VERSION,
	.write = write_picture,
	.read = read_picture,
};
