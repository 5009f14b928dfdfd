# The clang that the lint, fuzz and warning builds are made with: the system's own. An older one
# beside it may not know what the system's standard library is written in.
find_program(HON_CLANGXX NAMES clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14
  REQUIRED)
set(CMAKE_CXX_COMPILER ${HON_CLANGXX})
