/* SPDX-License-Identifier: GPL-3.0-or-later */
/* png.c - the module for PNG pictures, by libpng's simplified API; see png_module.h. */
#include <errno.h>
#include <png.h>
#include <stdlib.h>

#include "host/png_module.h"

struct png_reading {
	png_image image;
};

static int write_picture(FILE *file, unsigned int width, unsigned int height, const uint8_t *dots,
			 const struct screen_color palette[SCREEN_COLORS])
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = width,
		.height = height,
		.format = PNG_FORMAT_RGB_COLORMAP,
		.colormap_entries = SCREEN_COLORS,
	};

	errno = 0;
	if (png_image_write_to_stdio(&image, file, 0, dots, 0, palette))
		return 0;
	return errno ? -errno : -EIO;
}

static int begin_picture(struct png_reading **reading, FILE *file, unsigned int *width,
			 unsigned int *height, char *error, size_t error_size)
{
	struct png_reading *made = calloc(1, sizeof(*made));

	if (!made) {
		snprintf(error, error_size, "no memory");
		return -ENOMEM;
	}
	made->image.version = PNG_IMAGE_VERSION;
	if (!png_image_begin_read_from_stdio(&made->image, file)) {
		snprintf(error, error_size, "not a PNG picture: %s", made->image.message);
		free(made);
		return -EINVAL;
	}
	*width = made->image.width;
	*height = made->image.height;
	*reading = made;
	return 0;
}

static int finish_picture(struct png_reading *reading, struct screen_color *dots, char *error,
			  size_t error_size)
{
	int result = 0;

	reading->image.format = PNG_FORMAT_RGB;
	if (dots && !png_image_finish_read(&reading->image, NULL, dots, 0, NULL)) {
		snprintf(error, error_size, "malformed PNG picture: %s", reading->image.message);
		result = -EINVAL;
	}
	png_image_free(&reading->image);
	free(reading);
	return result;
}

const struct png_module vmm_png_module = {
	.version = PNG_MODULE_VERSION,
	.write = write_picture,
	.begin = begin_picture,
	.finish = finish_picture,
};
