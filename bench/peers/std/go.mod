module example.invalid/peers/std

go 1.22
