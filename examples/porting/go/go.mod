module porting

go 1.22
