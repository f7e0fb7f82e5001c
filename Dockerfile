# The image of velocity; docs/container.md says how to run it. The second stage gets the installed
# environment only: no sources, no build tools, nothing that its user could change.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/velocity
# requirements-scale.lock adds what more than one machine needs: docs/scale.md.
ARG LOCK=requirements.lock
COPY ${LOCK} ./
RUN /opt/velocity/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --no-deps -r ${LOCK}
COPY pyproject.toml README.md LICENSE app.py ./
COPY .streamlit/config.toml .streamlit/config.toml
COPY queries queries
COPY velocity velocity
RUN /opt/velocity/bin/pip install --no-cache-dir --disable-pip-version-check \
    --no-index --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
# The id is part of the contract: a volume keeps it.
RUN useradd --uid 10001 --create-home --home-dir /srv/velocity --no-log-init velocity \
    && chmod 700 /srv/velocity
COPY --from=build /opt/velocity /opt/velocity
ENV PATH=/opt/velocity/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
# velocity.toml, roster.toml and the data: all that is ever written, besides /tmp.
WORKDIR /srv/velocity
VOLUME /srv/velocity
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import urllib.request as it; it.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
ENTRYPOINT ["velocity"]
# Refused unless access.mode is "oidc": compose.yaml says how pages are served without sign-in.
CMD ["app", "--address", "0.0.0.0"]
