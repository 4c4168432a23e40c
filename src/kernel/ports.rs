//! The ports that Jupyter has chosen for a kernel, held until the kernel takes them.
//!
//! Jupyter finds free ports, frees them and writes them into the connection file; the kernel takes
//! them seconds later. Meanwhile another Jupyter may be given the same. What its client then sends
//! to the wrong kernel stops that kernel for good: evcxr reads no more cells after one message with
//! a signature of another key.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The exit code of a kernel that has lost a port; Jupyter then starts it again with other ports.
pub const LOST: u8 = 75;

/// Ports that no other program can take, until this is dropped.
#[derive(Debug)]
pub struct Ports {
    #[cfg(unix)]
    _sockets: Vec<std::os::fd::OwnedFd>,
}

#[cfg(unix)]
impl Ports {
    /// Takes the ports of a connection file; an error when another program has one of them.
    ///
    /// What is wrong with the file itself, evcxr says.
    pub fn hold(connection_file: &Path) -> Result<Self> {
        use std::net::{IpAddr, SocketAddr};

        use rustix::net::{AddressFamily, SocketType, bind, socket};

        let text = fs::read_to_string(connection_file).unwrap_or_default();
        let connection: Value = serde_json::from_str(&text).unwrap_or_default();
        let ip: Option<IpAddr> = match connection["ip"].as_str() {
            _ if connection["transport"] != "tcp" => None,
            Some("localhost") => Some([127, 0, 0, 1].into()),
            Some("*") => Some([0, 0, 0, 0].into()),
            ip => ip.and_then(|ip| ip.parse().ok()),
        };
        let ports = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];
        let ports = ports.iter().filter_map(|name| u16::try_from(connection[name].as_u64()?).ok());
        let addresses = ports.filter_map(|port| Some(SocketAddr::new(ip?, port)));
        let take = |address: SocketAddr| -> Result<_> {
            let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
            // Bound, but not listening: who connects meanwhile is refused at once and tries again.
            let socket = socket(family, SocketType::STREAM, None)?;
            rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
            bind(&socket, &address).with_context(|| {
                format!(
                    "port {} of {}, which Jupyter chose for this kernel, is taken",
                    address.port(),
                    connection_file.display()
                )
            })?;
            Ok(socket)
        };
        Ok(Self { _sockets: addresses.map(take).collect::<Result<_>>()? })
    }
}

#[cfg(not(unix))]
impl Ports {
    /// Elsewhere than on Unix they are left free, as a port that was held can't be taken at once.
    pub fn hold(_: &Path) -> Result<Self> {
        Ok(Self {})
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_held_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connection.json");
        let ports: Vec<u16> = {
            let free: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
            free.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
        };
        let text = format!(
            r#"{{"transport":"tcp","ip":"127.0.0.1","shell_port":{},"iopub_port":{},"stdin_port":{},"control_port":{},"hb_port":{}}}"#,
            ports[0], ports[1], ports[2], ports[3], ports[4]
        );
        fs::write(&file, text).unwrap();

        let held = Ports::hold(&file).unwrap();
        assert!(TcpListener::bind(("127.0.0.1", ports[2])).is_err());
        let second = Ports::hold(&file).unwrap_err();
        assert!(format!("{second:#}").contains(&ports[0].to_string()), "{second:#}");
        drop(held);
        Ports::hold(&file).unwrap();
        TcpListener::bind(("127.0.0.1", ports[2])).unwrap();
    }
}
