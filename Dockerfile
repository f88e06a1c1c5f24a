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
RUN make install && useradd --create-home perennial && mkdir -p /var/lib/perennial && chown perennial /var/lib/perennial
USER perennial
EXPOSE 3000
