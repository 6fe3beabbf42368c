package main

import "strings"

// lists are the fields that the bindings read: "struct.field" asks for an offset, "struct"
// for a size.
var lists = map[string][]string{
	"physics": strings.Fields(`
mjOption mjOption.timestep mjOption.gravity mjOption.iterations mjOption.disableflags mjOption.sdf_iterations
mjModel mjModel.nq mjModel.nv mjModel.nu mjModel.na mjModel.nbody mjModel.njnt mjModel.ngeom mjModel.nsite
mjModel.ncam mjModel.nlight mjModel.neq mjModel.nmat mjModel.nsensor mjModel.nsensordata mjModel.nmocap mjModel.nkey
mjModel.opt mjModel.vis mjModel.stat mjModel.qpos0
mjModel.body_parentid mjModel.body_mocapid mjModel.body_pos mjModel.body_quat mjModel.body_mass
mjModel.jnt_type mjModel.jnt_qposadr mjModel.jnt_dofadr mjModel.jnt_bodyid mjModel.jnt_range
mjModel.dof_bodyid mjModel.geom_type mjModel.geom_bodyid mjModel.geom_matid mjModel.geom_size mjModel.geom_pos mjModel.geom_rgba
mjModel.site_bodyid mjModel.site_pos mjModel.site_rgba mjModel.cam_pos mjModel.cam_quat mjModel.cam_fovy
mjModel.light_pos mjModel.mat_rgba mjModel.eq_type mjModel.eq_data mjModel.actuator_ctrlrange mjModel.sensor_adr mjModel.sensor_dim
mjVisual.global.offwidth mjVisual.global.offheight mjVisual.quality.shadowsize mjVisual.quality.offsamples
mjData mjData.warning mjData.ncon mjData.nefc mjData.time
mjData.qpos mjData.qvel mjData.act mjData.qacc_warmstart mjData.ctrl mjData.qfrc_applied mjData.xfrc_applied mjData.eq_active
mjData.mocap_pos mjData.mocap_quat mjData.qacc mjData.sensordata mjData.xpos mjData.xquat mjData.xmat
mjData.geom_xpos mjData.geom_xmat mjData.site_xpos mjData.site_xmat mjData.cam_xpos mjData.cam_xmat mjData.cvel
mjData.contact mjData.efc_force
mjContact mjContact.dist mjContact.pos mjContact.frame mjContact.geom1 mjContact.geom2 mjContact.efc_address
mjWarningStat mjWarningStat.lastinfo mjWarningStat.number
mjVFS`),
	"render": strings.Fields(`
mjvCamera mjvCamera.type mjvCamera.fixedcamid mjvCamera.trackbodyid mjvCamera.lookat mjvCamera.distance
mjvCamera.azimuth mjvCamera.elevation
mjvOption mjvOption.geomgroup mjvOption.sitegroup mjvOption.flags
mjvScene mjvScene.maxgeom mjvScene.ngeom mjvScene.geoms mjvScene.nlight mjvScene.flags mjvScene.stereo
mjrContext mjrContext.offWidth mjrContext.offHeight mjrContext.offSamples mjrContext.offFBO mjrContext.glInitialized
mjrContext.currentBuffer mjrContext.readPixelFormat mjrContext.fontScale`),
}
