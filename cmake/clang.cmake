# The clang that the lint, fuzz and warning builds are made with: 14 where there is one.
find_program(HON_CLANGXX NAMES clang++-14 clang++ clang++-19 clang++-18 clang++-17 clang++-16
  clang++-15 REQUIRED)
set(CMAKE_CXX_COMPILER ${HON_CLANGXX})
