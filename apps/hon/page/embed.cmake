# cmake -DOUT=page_files.cc -DFILES=a;b -P embed.cmake: writes the files down as a C++ source.
set(entries "")
foreach(path IN LISTS FILES)
  get_filename_component(name ${path} NAME)
  file(READ ${path} bytes HEX)
  file(SHA256 ${path} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(REGEX REPLACE "((\\\\x..)(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?)"
    "\n     \"\\1\"" bytes "${bytes}")
  string(APPEND entries "    {\"${name}\", \"\\\"${hash}\\\"\", {${bytes},\n     ${size}}},\n")
endforeach()
file(WRITE ${OUT} "#include \"page_files.h\"

namespace hon::app {

const std::vector<PageFile>& PageFiles() {
  static const std::vector<PageFile> files = {
${entries}  };
  return files;
}

}  // namespace hon::app
")
