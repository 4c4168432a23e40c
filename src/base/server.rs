//! A JupyterLab server: its address, whether it answers, and those that run already.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::base::folders::{entries, name_of};

const PATIENCE: Duration = Duration::from_secs(5);

/// Where a server listens, and the word that lets one in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    address: SocketAddr,
    token: String,
}

impl Server {
    /// One that listens on this address; one that listens on all is asked on this machine's own.
    pub fn new(ip: IpAddr, port: u16, token: String) -> Self {
        let ip = match ip {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self { address: SocketAddr::new(ip, port), token }
    }

    /// The address of a page, for a browser.
    pub fn url(&self, page: &str) -> String {
        format!("http://{}{page}?token={}", self.address, self.token)
    }

    /// Does it answer, and does it know the token? Another program on that port doesn't.
    pub fn answers(&self) -> bool {
        self.ask("GET", "/api/status", "").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// Starts the kernel of a notebook, to which its page attaches, if the server will.
    pub fn start_session(&self, notebook: &str) {
        let name = notebook.rsplit('/').next();
        let session = json!({ "path": notebook, "type": "notebook", "name": name, "kernel": { "name": "rust" } });
        let _ = self.ask("POST", "/api/sessions", &session.to_string());
    }

    fn ask(&self, verb: &str, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(
            stream,
            "{verb} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: token {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        )
        .ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// What Jupyter writes about a server into its run-time folder.
#[derive(Deserialize)]
struct Info {
    hostname: String,
    port: u16,
    token: String,
    root_dir: String,
}

/// The server that already shows this folder, if one does.
pub fn running(runtime: &Path, root: &Path) -> Option<Server> {
    let files = entries(runtime).ok()?.into_iter();
    files
        .filter(|file| name_of(file).starts_with("jpserver-") && name_of(file).ends_with(".json"))
        .filter_map(|file| serde_json::from_str::<Info>(&fs::read_to_string(file).ok()?).ok())
        .filter(|info| Path::new(&info.root_dir) == root)
        .filter_map(|info| Some(Server::new(ip_of(&info.hostname)?, info.port, info.token)))
        .find(Server::answers)
}

fn ip_of(hostname: &str) -> Option<IpAddr> {
    match hostname {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        "" | "*" => Some(Ipv4Addr::UNSPECIFIED.into()),
        name => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn url(ip: &str) -> String {
        Server::new(ip.parse().unwrap(), 8888, "secret".to_owned()).url("/lab")
    }

    #[test]
    fn the_address_is_one_that_a_browser_can_open() {
        assert_eq!(url("127.0.0.1"), "http://127.0.0.1:8888/lab?token=secret");
        assert_eq!(url("0.0.0.0"), "http://127.0.0.1:8888/lab?token=secret");
        assert_eq!(url("::1"), "http://[::1]:8888/lab?token=secret");
        assert_eq!(url("::"), "http://[::1]:8888/lab?token=secret");
        assert_eq!(url("192.168.1.5"), "http://192.168.1.5:8888/lab?token=secret");
    }

    #[test]
    fn only_a_server_that_knows_the_token_counts() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                // Read to the end: a connection that is closed before is broken.
                let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let knows = lines.iter().any(|line| line == "Authorization: token right");
                let status = if knows { "200 OK" } else { "403 Forbidden" };
                write!(stream, "HTTP/1.1 {status}\r\n\r\n").unwrap();
            }
        });
        let root = folder.path().join("notebooks");
        let write = |token: &str, root: &Path| {
            let info = serde_json::json!({ "hostname": "127.0.0.1", "port": port, "token": token, "root_dir": root });
            fs::write(folder.path().join("jpserver-1.json"), info.to_string()).unwrap();
        };
        write("wrong", &root);
        assert_eq!(running(folder.path(), &root), None);
        write("right", Path::new("/elsewhere"));
        assert_eq!(running(folder.path(), &root), None);
        write("right", &root);
        assert!(running(folder.path(), &root).is_some());
        assert_eq!(running(&folder.path().join("none"), &root), None);
    }
}
