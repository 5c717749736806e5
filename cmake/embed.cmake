# cmake -DOUTPUT=FILE -DROOT=DIR -DFILES=a;b -P embed.cmake: a C++ unit that holds the files as text, by their path
# under ROOT (src/micro/sources.h).
set(text "#include \"micro/sources.h\"\n\nnamespace thimble::micro {\n\nconst Source kSources[] = {\n")
foreach(file IN LISTS FILES)
  file(RELATIVE_PATH name "${ROOT}" "${file}")
  file(READ "${file}" content)
  string(APPEND text "    {\"${name}\", R\"source(${content})source\"},\n")
endforeach()
list(LENGTH FILES count)
string(APPEND text "};\nconst size_t kSourceCount = ${count};\n\n}  // namespace thimble::micro\n")
file(WRITE "${OUTPUT}" "${text}")
