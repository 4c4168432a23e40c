# The tutorial as an image, for Docker, Podman and Binder; see room/README.md.
FROM docker.io/library/rust:1.95-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*

# Binder says who the user is.
ARG NB_USER=reader
ARG NB_UID=1000
RUN useradd --create-home --uid ${NB_UID} ${NB_USER}
COPY --chown=${NB_UID} . /home/${NB_USER}/tutorial
USER ${NB_USER}
WORKDIR /home/${NB_USER}/tutorial

# The cargo folder is the user's own, so that crates can be added to cells.
ENV CARGO_HOME=/home/${NB_USER}/.cargo
RUN cargo run -- setup && rm -rf target/debug/incremental
RUN target/tutorial/python/bin/python -m pip install --no-cache-dir --requirement room/requirements.txt \
    && cargo run -- execute 01

# Binder starts a server of its own from this environment; without it the launcher does.
ENV PATH=/home/${NB_USER}/tutorial/target/tutorial/python/bin:${PATH}
EXPOSE 8888
CMD ["cargo", "run", "--", "lab", "--ip", "0.0.0.0", "--port", "8888", "--no-browser"]
