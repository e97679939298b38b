/* SPDX-License-Identifier: 0BSD */
/*
 * format.c - printf's formatting (C17, 7.21.6.1) as far as small guests want it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <vmm/format.h>
#include <vmm/string.h>

static const char digits[] = "0123456789abcdef";
static const char capital_digits[] = "0123456789ABCDEF";

/* One conversion specification. */
struct field {
	bool left;		/* flag '-' */
	bool zeros;		/* flag '0' */
	size_t width;
	size_t precision;	/* of %s: at most so many characters */
	unsigned int size;	/* of the argument, in bytes */
};

struct output {
	struct format_sink *sink;
	int length;
};

/* The arguments, in a struct so that functions can take from them in turn. */
struct arguments {
	va_list list;
};

static void emit(struct output *output, const char *text, size_t length)
{
	if (length)
		output->sink->write(output->sink, text, length);
	output->length += (int)length;
}

static void pad(struct output *output, char character, size_t count)
{
	while (count--)
		emit(output, &character, 1);
}

/* The sign goes before zeros and after blanks. */
static void emit_field(struct output *output, const struct field *field, const char *sign,
		       const char *text, size_t length)
{
	size_t used = strlen(sign) + length;
	size_t fill = field->width > used ? field->width - used : 0;
	bool zeros = field->zeros && !field->left;

	if (!zeros && !field->left)
		pad(output, ' ', fill);
	emit(output, sign, strlen(sign));
	if (zeros)
		pad(output, '0', fill);
	emit(output, text, length);
	if (field->left)
		pad(output, ' ', fill);
}

static void emit_number(struct output *output, const struct field *field, const char *sign,
			uint64_t value, unsigned int base, const char *of_base)
{
	char text[20];		/* the digits of 2^64 - 1 in decimal */
	size_t start = sizeof(text);

	/* 32-bit division while it suffices: much less work in small modes. */
	for (; value > UINT32_MAX; value /= base)
		text[--start] = of_base[value % base];
	for (uint32_t rest = (uint32_t)value; rest || start == sizeof(text); rest /= base)
		text[--start] = of_base[rest % base];
	emit_field(output, field, sign, text + start, sizeof(text) - start);
}

static uint64_t take_unsigned(struct arguments *arguments, const struct field *field)
{
	return field->size == sizeof(uint64_t) ? va_arg(arguments->list, uint64_t)
					       : va_arg(arguments->list, unsigned int);
}

static int64_t take_signed(struct arguments *arguments, const struct field *field)
{
	return field->size == sizeof(int64_t) ? va_arg(arguments->list, int64_t)
					      : va_arg(arguments->list, int);
}

static void emit_signed(struct output *output, const struct field *field, int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	emit_number(output, field, value < 0 ? "-" : "", magnitude, 10, digits);
}

static void emit_string(struct output *output, struct field *field, const char *text)
{
	size_t length = 0;

	if (!text)
		text = "(null)";
	while (length < field->precision && text[length])
		length++;
	field->zeros = false;
	emit_field(output, field, "", text, length);
}

static void emit_character(struct output *output, struct field *field, char character)
{
	field->zeros = false;
	emit_field(output, field, "", &character, 1);
}

/* Returns false where the conversion is not known. */
static bool convert(struct output *output, struct field *field, char conversion,
		    struct arguments *arguments)
{
	switch (conversion) {
	case 'c':
		emit_character(output, field, (char)va_arg(arguments->list, int));
		return true;
	case 's':
		emit_string(output, field, va_arg(arguments->list, const char *));
		return true;
	case 'd':
	case 'i':
		emit_signed(output, field, take_signed(arguments, field));
		return true;
	case 'u':
		emit_number(output, field, "", take_unsigned(arguments, field), 10, digits);
		return true;
	case 'x':
	case 'X':
		emit_number(output, field, "", take_unsigned(arguments, field), 16,
			    conversion == 'X' ? capital_digits : digits);
		return true;
	case 'p':
		emit_number(output, field, "0x", (uintptr_t)va_arg(arguments->list, void *), 16,
			    digits);
		return true;
	case '%':
		emit(output, "%", 1);
		return true;
	default:
		return false;
	}
}

static const char *parse_number(const char *format, size_t *number, struct arguments *arguments)
{
	*number = 0;
	if (*format == '*') {
		int argument = va_arg(arguments->list, int);

		*number = argument > 0 ? (size_t)argument : 0;
		return format + 1;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		*number = *number * 10 + (size_t)(*format - '0');
	return format;
}

static const char *parse_size(const char *format, unsigned int *size)
{
	if (format[0] == 'l' && format[1] == 'l') {
		*size = sizeof(long long);
		return format + 2;
	}
	if (format[0] == 'l' || format[0] == 'z') {
		*size = format[0] == 'l' ? sizeof(long) : sizeof(size_t);
		return format + 1;
	}
	return format;
}

/* From behind the '%' to the conversion character. */
static const char *parse_field(const char *format, struct field *field,
			       struct arguments *arguments)
{
	*field = (struct field){ .precision = SIZE_MAX, .size = sizeof(int) };
	for (; *format == '-' || *format == '0'; format++) {
		field->left |= *format == '-';
		field->zeros |= *format == '0';
	}
	format = parse_number(format, &field->width, arguments);
	if (*format == '.')
		format = parse_number(format + 1, &field->precision, arguments);
	return parse_size(format, &field->size);
}

int vformat(struct format_sink *sink, const char *format, va_list list)
{
	struct output output = { .sink = sink };
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (*format) {
		const char *literal = format;
		struct field field;

		while (*format && *format != '%')
			format++;
		emit(&output, literal, (size_t)(format - literal));
		if (!*format)
			break;
		literal = format;
		format = parse_field(format + 1, &field, &arguments);
		if (*format && convert(&output, &field, *format, &arguments))
			format++;
		else
			emit(&output, literal, (size_t)(format - literal));
	}
	va_end(arguments.list);
	return output.length;
}

struct buffer_sink {
	struct format_sink sink;
	char *next;
	size_t room;		/* without the terminator */
};

static void buffer_piece(struct format_sink *sink, const char *text, size_t length)
{
	struct buffer_sink *buffer = (struct buffer_sink *)sink;
	size_t fits = length < buffer->room ? length : buffer->room;

	memcpy(buffer->next, text, fits);
	buffer->next += fits;
	buffer->room -= fits;
}

int vformat_buffer(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct buffer_sink sink = { { buffer_piece }, buffer, size - 1 };
	int length = vformat(&sink.sink, format, arguments);

	*sink.next = '\0';
	return length;
}

int format_buffer(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vformat_buffer(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
