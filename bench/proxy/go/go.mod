module hon.example/goproxy

go 1.26
