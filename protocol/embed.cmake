# cmake -D OUT=FILE.c -D FILES=a.json;b.json -P embed.cmake: the files as C arrays, for protocol/catalog.h.
set(arrays "")
set(rows "")
list(SORT FILES)
foreach(file ${FILES})
	get_filename_component(name ${file} NAME)
	string(MAKE_C_IDENTIFIER ${name} symbol)
	file(READ ${file} hex HEX)
	string(LENGTH "${hex}" digits)
	math(EXPR size "${digits} / 2")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND arrays "static const unsigned char ${symbol}[] = { ${bytes}0 };\n")
	string(APPEND rows "\t{ \"${name}\", (const char *)${symbol}, ${size} },\n")
endforeach()
file(WRITE ${OUT} "#include \"protocol/catalog.h\"\n\n${arrays}
static const struct catalog_file files[] = {\n${rows}};\n
const struct catalog_file *
catalog_file(unsigned number)
{
	return number < sizeof(files) / sizeof(files[0]) ? &files[number] : NULL;
}
")
