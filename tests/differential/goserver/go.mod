module hon.example/goserver

go 1.22
