FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY pyproject.toml requirements.lock Makefile README.md ./
COPY models models
COPY connectors connectors
COPY ml ml
COPY activation activation
COPY orchestration orchestration
COPY dbt_project dbt_project
COPY workspace.yaml ./
# A file destination's folder is relative to perennial.yml; .perennial there is the volume.
RUN make install \
    && useradd --create-home perennial \
    && install -d -o perennial -g perennial /var/lib/perennial \
    && ln -s /var/lib/perennial .perennial
ENV PATH=/app/.venv/bin:$PATH
USER perennial
EXPOSE 3000
