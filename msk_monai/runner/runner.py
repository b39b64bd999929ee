"""Running one bundle over many cases: each costs one line of the results, whatever happens to it."""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import torch
from tqdm import tqdm

from msk_monai.errors import BundleError, DataError, MskMonaiError, ResultsError
from msk_monai.networks.case_inferer import CaseInferer
from msk_monai.records import BundleIdentity, Findings, Result, Seconds
from msk_monai.report import ResultsFile, current, write_html, write_measurements
from msk_monai.report.thumbnails import make_thumbnail, picture_of
from msk_monai.runner.ahead import read_ahead
from msk_monai.runner.case import Case, require_unique
from msk_monai.runner.dicom_objects import lacks_objects, with_objects
from msk_monai.runner.faults import findings_of, log_fault
from msk_monai.runner.weights import load_weights

logger = logging.getLogger(__name__)

Data = dict[str, Any]
_UNFINISHED = ".unfinished"


class Writer(Protocol):
    """Writes files about one case."""

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Write under ``folder``, in subfolders such as ``overlays``, with file names that begin with ``name``.

        Returns:
            The files by kind, e.g. ``overlay``.
        """


class Runner:
    """A bundle's steps, put together, and its weights, loaded once.

    Args:
        identity: recorded in every result; a case that this very bundle has recorded is not run again.
        preprocessing: takes ``{"source": path or list of paths, "case": name}``, with ``beside`` (list of paths) and ``known`` (a dict)
            where the case has them; leaves ``image``, a tensor (C, spatial...).
        network: takes (1, C, spatial...).
        inferer: a MONAI inferer, called as ``inferer(batch, network)``; or a :class:`msk_monai.networks.case_inferer.CaseInferer`, which
            gets all that preprocessing leaves, and whose answer is ``pred`` as it is.
        postprocessing: takes the preprocessed data with ``pred`` added, a tensor (C, ...) on the CPU; leaves ``findings``.
        writers: called with the postprocessed data.
        device: where the network runs.
        weights: file with the network's state dict; ``None`` leaves the network as it is.
        dicom: whether results are written as DICOM objects of the patient's study, too; also those that are recorded without.

    Raises:
        BundleError: the weights are missing or do not fit.
    """

    def __init__(
        self,
        *,
        identity: BundleIdentity,
        preprocessing: Callable[[Data], Data],
        network: torch.nn.Module,
        inferer: Callable[[torch.Tensor, torch.nn.Module], torch.Tensor] | CaseInferer,
        postprocessing: Callable[[Data], Data],
        writers: Sequence[Writer] = (),
        device: torch.device | str = "cpu",
        weights: str | Path | None = None,
        dicom: bool = False,
    ) -> None:
        self.identity = identity
        self._preprocessing = preprocessing
        self._network = network.to(device).eval()
        self._inferer = inferer
        self._postprocessing = postprocessing
        self._writers = tuple(writers)
        self._device = device
        self._dicom = dicom
        if weights is not None:
            load_weights(self._network, weights, device)

    def run(self, cases: Sequence[Case], out: str | Path, *, recorded: Callable[[Result], None] | None = None) -> list[Result]:
        """Run every case that is not recorded in ``out`` yet, and bring ``measurements.csv`` and ``report.html`` up to date.

        Args:
            cases: their names must differ.
            out: the output folder, as an earlier run may have left it.
            recorded: called with each result that this run adds, once it is recorded and its files are there.

        Returns:
            The results of all the cases, in their order.

        Raises:
            ResultsError: the folder cannot be written, is being written by another process, or is not about these cases.
            BundleError: the bundle breaks its contract with the runner.
        """
        require_unique(cases)
        folder = Path(out)
        tell = recorded or (lambda _: None)
        with ResultsFile(folder) as record:
            done = record.recorded(self.identity)
            _require_same_sources(cases, done, folder)
            todo = [case for case in cases if case.name not in done]
            try:
                for result in self._completed([case for case in cases if case.name in done], done, folder):
                    done[result.case] = record.append(result)
                    tell(done[result.case])
                with tqdm(total=len(cases), initial=len(cases) - len(todo), desc=self.identity.name, unit="case", disable=None) as bar:
                    for result in self._results(todo, folder):
                        done[result.case] = record.append(result)
                        tell(done[result.case])
                        bar.update()
            finally:  # also after an interruption: the tables agree with the record
                shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)
                latest = current(record.results)
                write_measurements(latest, folder)
                write_html(latest, folder)
        return [done[case.name] for case in cases]

    def _results(self, cases: Sequence[Case], folder: Path) -> Iterator[Result]:
        for case, reading in read_ahead(cases, self._read):
            result = self._finish(case, reading, folder)
            logger.info("%s: %s %s", case.name, result.findings.status, result.findings.reason or "")
            yield result

    def _completed(self, cases: Sequence[Case], done: Mapping[str, Result], folder: Path) -> Iterator[Result]:
        """Results that an earlier run left without DICOM objects, with them: what is recorded is enough to make them."""
        for case in cases:
            if not self._dicom or not lacks_objects(done[case.name], case):
                continue
            completed = with_objects(done[case.name], case, out=folder, unfinished=_emptied(folder / _UNFINISHED))
            if completed != done[case.name]:
                logger.info("%s: DICOM objects %s", case.name, completed.dicom_reason or "added")
                yield completed

    def _read(self, case: Case) -> tuple[Data, float]:
        if case.fault is not None:
            return {}, 0.0
        start = perf_counter()
        files = list(case.files)
        data: Data = {"source": files[0] if len(files) == 1 else files, "case": case.name}
        if case.beside:
            data["beside"] = list(case.beside)
        if case.known:
            data["known"] = dict(case.known)
        data = self._preprocessing(data)
        return data, perf_counter() - start

    def _finish(self, case: Case, reading: Callable[[], tuple[Data, float]], folder: Path) -> Result:
        for warning in case.warnings:
            logger.warning("%s: %s", case.name, warning)
        if case.fault is not None:
            return Result(case=case.name, source=case.source, bundle=self.identity, findings=case.fault)
        try:
            return self._answer(case, *reading(), folder)
        except Exception as fault:
            if isinstance(fault, MskMonaiError) and not isinstance(fault, DataError):
                raise  # the bundle's or the output folder's fault would meet every other case as well
            log_fault(fault, case.name, folder)
            return Result(case=case.name, source=case.source, bundle=self.identity, findings=findings_of(fault))

    def _answer(self, case: Case, data: Data, read: float, folder: Path) -> Result:
        start = perf_counter()
        with torch.inference_mode():
            data["pred"] = self._predict(data)
            data = self._postprocessing(data)
        findings = data.get("findings")
        if not isinstance(findings, Findings):
            raise BundleError(f"{self.identity.name}: postprocessing must leave 'findings', a Findings, got {type(findings).__name__}")
        inferred = perf_counter()
        outputs = self._write(case, data, folder)
        result = Result(case=case.name, source=case.source, bundle=self.identity, findings=findings, outputs=outputs)
        if self._dicom:
            result = with_objects(result, case, out=folder, unfinished=_emptied(folder / _UNFINISHED))
        return replace(result, seconds=Seconds(read=read, infer=inferred - start, write=perf_counter() - inferred))

    def _predict(self, data: Data) -> Any:
        if isinstance(self._inferer, CaseInferer):
            return self._inferer(data, self._network, device=self._device)
        image = data.get("image")
        if not isinstance(image, torch.Tensor):
            raise BundleError(f"{self.identity.name}: preprocessing must leave 'image', a tensor, got {type(image).__name__}")
        batch = image.as_subclass(torch.Tensor)[None].to(self._device)
        return self._inferer(batch, self._network)[0].cpu()

    def _write(self, case: Case, data: Data, folder: Path) -> dict[str, str]:
        """Files appear under their names when all of the case's are complete; a killed run leaves none behind."""
        unfinished = _emptied(folder / _UNFINISHED)
        name = case.file_stem(self.identity.name)
        files = {kind: path for writer in self._writers for kind, path in writer(data, folder=unfinished, name=name).items()}
        outputs = {}
        for kind, path in files.items():
            relative = Path(path).relative_to(unfinished)
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            path.replace(folder / relative)
            outputs[kind] = relative.as_posix()
        if picture := picture_of(outputs):
            make_thumbnail(folder, picture)
        return outputs


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _require_same_sources(cases: Sequence[Case], done: Mapping[str, Result], folder: Path) -> None:
    for case in cases:
        if case.name in done and done[case.name].source != case.source:
            raise ResultsError(f"{folder}: case {case.name} is recorded there from other files; choose another output folder")
