//! Redis servers of Debian's package on free ports of this machine, with data of their own, that end with the test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A server.
pub struct Server {
    child: Child,
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
}

impl Server {
    /// Starts a server with these options; its append-only file is on unless they say otherwise.
    pub fn start(options: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("llm-policy-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        // A Cluster wants the port 10,000 above, too.
        let port = loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
                break port;
            }
        };
        let child = spawn(port, &folder, &options);
        let server = Self { child, port, folder, options };
        server.wait();
        server
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again with the data that it had.
    pub fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.options);
        self.wait();
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// A client of the test's own.
    pub fn client(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let answers = redis::Client::open(self.url()).unwrap().get_connection();
            if let Ok(mut client) = answers
                && redis::cmd("PING").query::<String>(&mut client).is_ok()
            {
                return;
            }
            assert!(Instant::now() < until, "the server on port {} does not answer", self.port);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(port: u16, folder: &Path, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir", folder.to_str().unwrap()]);
    command.args(["--save", "", "--appendonly", "yes"]).args(options);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("these tests need `redis-server`: install Debian's package `redis-server`")
}

/// Three servers that are one Cluster.
pub struct Cluster(pub [Server; 3]);

impl Cluster {
    pub fn start(options: &[&str]) -> Self {
        let options = [&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"], options].concat();
        let servers = [0, 1, 2].map(|_| Server::start(&options));
        let run = |server: &Server, args: &[&str]| {
            let mut command = redis::cmd("CLUSTER");
            command.arg(args);
            command.exec(&mut server.client()).unwrap();
        };
        for (server, range) in servers.iter().zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]]) {
            run(server, &["ADDSLOTSRANGE", range[0], range[1]]);
        }
        for server in &servers[1..] {
            run(server, &["MEET", "127.0.0.1", &servers[0].port.to_string()]);
        }
        let until = Instant::now() + Duration::from_secs(30);
        let ready = |server: &Server| {
            let info: String = redis::cmd("CLUSTER").arg("INFO").query(&mut server.client()).unwrap();
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        while !servers.iter().all(ready) {
            assert!(Instant::now() < until, "the Cluster does not come together");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self(servers)
    }

    pub fn url(&self) -> String {
        let ports: Vec<_> = self.0.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("redis://{}/", ports.join(","))
    }
}
