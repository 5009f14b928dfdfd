//! may_minihttp (stackful coroutines) with one worker, with the endpoints of the benchmark.
//! usage: peer-may PORT FILE

use std::io::{self, BufRead, Read};

use may_minihttp::{HttpServer, HttpService, Request, Response};

#[derive(Clone)]
struct Endpoints {
    file: String,
}

impl HttpService for Endpoints {
    fn call(&mut self, request: Request, response: &mut Response) -> io::Result<()> {
        match (request.method(), request.path()) {
            ("GET", "/") => {
                response.header("Content-Type: text/plain; charset=utf-8");
                response.body("Welcome! Try /sse endpoint.");
            }
            ("POST", "/echo") => {
                let mut body = request.body();
                let mut text = Vec::with_capacity(body.fill_buf()?.len());
                body.read_to_end(&mut text)?;
                response.body_vec(text);
            }
            ("GET", "/file") => {
                response.header("Content-Type: application/octet-stream");
                response.body_vec(std::fs::read(&self.file)?);
            }
            _ => {
                response.status_code(404, "Not Found");
            }
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(8080);
    may::config().set_workers(1);
    let endpoints = Endpoints { file: arguments.next().unwrap_or_default() };
    let server = HttpServer(endpoints).start(("127.0.0.1", port))?;
    server.wait();
    Ok(())
}
