module hon/bench/micro

go 1.22
