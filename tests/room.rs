//! A room's files agree with each other, with JupyterHub's chart and with the image. No hub, cluster or network is needed.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(repo().join(name)).unwrap()
}

fn launcher(verb: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imbalanced-data"));
    command.args(verb).env_remove("CREDITCARD_CSV").stdin(Stdio::null());
    command
}

/// The tutorial's Python, which has PyYAML, jsonschema and traitlets through Jupyter; set up by the first test that needs it.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let doctor = || -> Value {
            let output = launcher(&["doctor", "--json"]).output().unwrap();
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let is_there = |report: &Value| {
            let checks = report["checks"].as_array().unwrap();
            checks.iter().any(|check| check["name"] == "Python environment" && check["state"] == "ok")
        };
        let mut report = doctor();
        if !is_there(&report) {
            assert!(launcher(&["setup"]).status().unwrap().success(), "the set-up failed: see above");
            report = doctor();
        }
        PathBuf::from(report["python"].as_str().unwrap())
    })
}

/// What a Python program prints for this input; or its complaint.
#[track_caller]
fn run_python(program: &str, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Result<String, String> {
    let mut command = Command::new(python());
    command.args(["-c", program]).args(arguments).current_dir(repo());
    command.env_remove("ROOM_CERTIFICATE").env_remove("ROOM_KEY").envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

const VALUES: &str = "room/kubernetes/values.yaml";

/// Each of these texts as JSON, and what the chart would refuse in it.
#[track_caller]
fn checked(values: &[String]) -> Vec<(Value, Vec<String>)> {
    const CHECK: &str = r#"
import json, sys, jsonschema, yaml
schema = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for text in json.load(sys.stdin):
    values = yaml.safe_load(text)
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(values)]
    print(json.dumps([values, errors]))
"#;
    let input = serde_json::to_string(values).unwrap();
    let output = run_python(CHECK, &["room/kubernetes/values.schema.yaml"], &[], &input).unwrap();
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The values for a cluster, as JSON.
#[track_caller]
fn values() -> Value {
    checked(&[text(VALUES)])[0].0.clone()
}

#[test]
fn the_chart_takes_the_values() {
    let errors = &checked(&[text(VALUES)])[0].1;
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_chart_refuses_a_wrong_name_and_a_wrong_type() {
    const WRONG: [(&str, &str, &str, &str); 10] = [
        ("\nsingleuser:", "\nsingelUser:", "$:", "singelUser"),
        ("  memory:", "  memmory:", "$.singleuser:", "memmory"),
        ("guarantee: 1.2G", "guaranty: 1.2G", "$.singleuser.memory:", "guaranty"),
        ("privateIPs: false", "privateIps: false", "$.singleuser.networkPolicy.egressAllowRules:", "privateIps"),
        ("GitHubOAuthenticator:", "gitHubOAuthenticator:", "$.hub.config:", "gitHubOAuthenticator"),
        ("guarantee: 0.25", "guarantee: a quarter", "$.singleuser.cpu.guarantee:", "a quarter"),
        ("uid: 1001", "uid: \"1001\"", "$.singleuser.uid:", "1001"),
        ("timeout: 3600", "timeout: an hour", "$.cull.timeout:", "an hour"),
        ("type: letsencrypt", "type: letsEncrypt", "$.proxy.https.type:", "letsEncrypt"),
        ("    type: dynamic\n", "", "$.singleuser.storage:", "'type' is a required"),
    ];
    let values = text(VALUES);
    let wrong = WRONG.map(|(right, wrong, ..)| {
        assert_eq!(values.matches(right).count(), 1, "{right}");
        values.replace(right, wrong)
    });
    for ((_, wrong, place, words), (_, errors)) in WRONG.iter().zip(checked(&wrong)) {
        assert_eq!(errors.len(), 1, "{wrong}: {errors:#?}");
        assert!(errors[0].starts_with(place) && errors[0].contains(words), "{wrong}: {errors:#?}");
    }
}

#[test]
fn the_cluster_starts_what_the_image_holds() {
    let dockerfile = text("binder/Dockerfile");
    let user = dockerfile.lines().find_map(|line| line.strip_prefix("ARG NB_USER=")).unwrap();
    let folder = dockerfile.lines().find_map(|line| line.strip_prefix("WORKDIR ")).unwrap();
    let launcher = format!("{}/target/tutorial/bin/imbalanced-data", folder.replace("${NB_USER}", user));
    let values = values();
    let server = &values["singleuser"];
    assert_eq!(server["cmd"], serde_json::json!([launcher, "hub"]));

    // The learner is none who may write the set-up, but one that the image knows.
    let learner = server["uid"].as_u64().unwrap();
    assert!(dockerfile.contains(&format!("useradd --create-home --uid {learner} learner")));
    assert!(!dockerfile.contains(&format!("ARG NB_UID={learner}")));
    assert_eq!(server["fsGid"], server["uid"]);
    assert_eq!(server["extraEnv"]["HOME"], server["storage"]["homeMountPath"]);
    let mounts = server["storage"]["extraVolumeMounts"].as_array().unwrap();
    assert!(mounts.iter().any(|mount| mount["mountPath"] == server["extraEnv"]["XDG_CACHE_HOME"]), "{mounts:?}");
}

#[test]
fn the_image_is_made_from_each_member_of_the_workspace() {
    let dockerfile = text("binder/Dockerfile");
    let (before, _) = dockerfile.split_once("cargo run -- setup").unwrap();
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        // That of the root is the launcher's.
        let member = member.as_str().unwrap().replace('.', "src");
        let is_copied = |folder: &Path| {
            let copy = format!("COPY --chown=${{NB_UID}} {0} {0}", folder.display());
            before.lines().any(|line| line == copy)
        };
        assert!(Path::new(&member).ancestors().any(is_copied), "{member}");
    }
}

#[test]
fn the_limits_are_those_that_the_guide_reckons_with() {
    let values = values();
    let guide = text("room/README.md");
    let memory = &values["singleuser"]["memory"];
    for (what, amount) in [("count", &memory["guarantee"]), ("limit each learner to", &memory["limit"])] {
        let gigabytes = amount.as_str().unwrap().strip_suffix('G').unwrap();
        assert!(guide.contains(&format!("{what} {gigabytes} GB")), "{what} {gigabytes} GB");
    }
    let hub = hub_config(&[]).unwrap();
    assert_eq!(hub["Spawner"]["mem_limit"], memory["limit"]);
    assert_eq!(hub["Spawner"]["cpu_limit"].as_f64(), values["singleuser"]["cpu"]["limit"].as_f64());
    assert_eq!(hub["Spawner"]["args"], values["hub"]["config"]["KubeSpawner"]["args"]);
}

/// What jupyterhub_config.py sets, as on a machine with systemd; or the words with which it ends.
#[track_caller]
fn hub_config(variables: &[(&str, &str)]) -> Result<Value, String> {
    const READ: &str = r#"
import json, pathlib, runpy
from traitlets.config import Config
pathlib.Path.is_dir = lambda self: True
c = Config()
runpy.run_path("room/jupyterhub_config.py", init_globals={"get_config": lambda: c})
print(json.dumps(c, default=sorted))
"#;
    run_python(READ, &[], variables, "").map(|output| serde_json::from_str(&output).unwrap())
}

#[test]
fn without_a_certificate_the_hub_listens_on_this_machine_alone() {
    let hub = &hub_config(&[]).unwrap()["JupyterHub"];
    assert_eq!(hub["bind_url"], "http://127.0.0.1:8000");
    assert_eq!(hub["ssl_cert"], Value::Null);

    let both = [("ROOM_CERTIFICATE", "/etc/room.pem"), ("ROOM_KEY", "/etc/room.key")];
    let hub = &hub_config(&both).unwrap()["JupyterHub"];
    assert_eq!(hub["bind_url"], "https://:443");
    assert_eq!((&hub["ssl_cert"], &hub["ssl_key"]), (&both[0].1.into(), &both[1].1.into()));

    for one in both {
        let words = hub_config(&[one]).unwrap_err();
        assert!(words.contains("belong together"), "{words}");
    }
}

/// The versions of each package in a file of requirements; there may be one for each version of Python.
fn versions(file: &str) -> BTreeMap<String, Vec<String>> {
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for line in text(file).lines().filter(|line| !line.starts_with(['#', ' '])) {
        let (requirement, _) = line.split_once(" \\").expect("hashes follow");
        let (name, rest) = requirement.split_once("==").expect("a version");
        versions.entry(name.to_owned()).or_default().push(rest.split(' ').next().unwrap().to_owned());
    }
    versions
}

#[test]
fn a_room_changes_no_package_of_the_tutorial() {
    let (tutorial, room) = (versions("src/setup/requirements.txt"), versions("room/requirements.txt"));
    let both = room.iter().filter(|(name, _)| tutorial.contains_key(*name)).collect::<Vec<_>>();
    assert!(both.len() > 20 && room.contains_key("jupyterhub"), "{both:?}");
    for (name, versions) in both {
        assert!(versions.iter().all(|version| tutorial[name].contains(version)), "{name} {versions:?}");
    }
}
